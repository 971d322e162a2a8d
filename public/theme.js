/* Sets the theme before the first paint: the saved one, else what the system prefers. */
{
  let saved = null
  try {
    saved = localStorage.getItem('offload.theme')
  } catch {
    // storage may be forbidden; the system's preference then decides
  }
  const light = saved === 'light' || (saved !== 'dark' && matchMedia('(prefers-color-scheme: light)').matches)
  document.documentElement.dataset.theme = light ? 'light' : 'dark'
}
