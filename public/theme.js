/* Sets the theme before the first paint: the saved one, else what the system prefers. */
{
  let theme = null
  try {
    theme = localStorage.getItem('offload.theme')
  } catch {
    // storage may be forbidden; the system's preference then decides
  }
  if (!['dark', 'light', 'contrast'].includes(theme)) {
    const prefers = (what) => matchMedia(what).matches
    theme = prefers('(prefers-contrast: more)')
      ? 'contrast'
      : prefers('(prefers-color-scheme: light)')
        ? 'light'
        : 'dark'
  }
  document.documentElement.dataset.theme = theme
}
