/** Keeps a fault in one part from taking the page with it: the part says what happened and can be drawn again. */
import { Component } from 'react'
import type { ReactNode } from 'react'

interface Props {
  /** What failed, for the sentence: "This pane". */
  readonly what: string
  readonly children: ReactNode
}

interface State {
  readonly failure: string | undefined
}

export class ErrorBoundary extends Component<Props, State> {
  static getDerivedStateFromError(error: unknown): State {
    return { failure: error instanceof Error ? error.message : String(error) }
  }

  override state: State = { failure: undefined }

  override render(): ReactNode {
    const { failure } = this.state
    if (failure === undefined) return this.props.children
    return (
      <div className="empty" role="alert">
        <span>
          ✕ {this.props.what} could not be drawn ({failure}). Your program is safe, and the card runs on.
        </span>
        <button type="button" className="btn line" onClick={() => this.setState({ failure: undefined })}>
          Draw it again
        </button>
      </div>
    )
  }
}
