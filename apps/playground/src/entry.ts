/** What the browser fetches first: the styles of the waiting shell in index.html, the workers, then the page itself. */
import './styles/tokens.css'
import './styles/base.css'
import './styles/shell.css'
import './styles/code.css'
import './styles/charts.css'
import './styles/panes.css'
import './styles/host.css'
import './styles/layouts.css'
import './styles/jit.css'
import './workers/first-workers'

void import('./main')
