/** Entry: restore the session, paint the shell, then start the engines. */
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './styles/tokens.css'
import './styles/base.css'
import './styles/shell.css'
import './styles/code.css'
import './styles/charts.css'
import './styles/panes.css'
import './styles/layouts.css'
import './styles/jit.css'
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
