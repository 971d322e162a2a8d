/** Entry: restore the session, paint the shell, then start the engines. */
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app'
import { autosave, restoreSession } from './link/restore'
import { keepVersions } from './link/shelf'
import { startEngine } from './workers/engine'

restoreSession()
autosave()
keepVersions()

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
)

// Two frames later the shell has been painted; the workers may now take the processor.
requestAnimationFrame(() => requestAnimationFrame(startEngine))
