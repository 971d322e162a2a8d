// Stops a plain `npm install`: dependencies are pinned in pnpm-lock.yaml, and `npm start` / `npm test` install them.
if (!(process.env.npm_config_user_agent ?? '').startsWith('pnpm/')) {
  console.error(
    'Run `npm start` or `npm test`: they install what they need (pnpm, pinned). A plain `npm install` is not used here.',
  )
  process.exit(1)
}
