/** One pane: a head with title and controls, a body, perhaps a foot. Hairlines, no boxes. */
import { useId } from 'react'
import type { CSSProperties, ReactElement, ReactNode } from 'react'
import { ErrorBoundary } from './error-boundary'

interface PaneProps {
  readonly title: string
  /** Grey words after the title. */
  readonly context?: ReactNode
  readonly controls?: ReactNode
  readonly foot?: ReactNode
  /** The body clips instead of scrolling; what is in it scrolls by itself. */
  readonly fixed?: boolean
  readonly className?: string
  readonly style?: CSSProperties
  readonly testId?: string
  readonly children: ReactNode
}

export function Pane({
  title,
  context,
  controls,
  foot,
  fixed,
  className,
  style,
  testId,
  children,
}: PaneProps): ReactElement {
  const heading = useId()
  return (
    <section className={`pane ${className ?? ''}`} style={style} aria-labelledby={heading} data-testid={testId}>
      <div className="pane-head">
        <h2 id={heading}>{title}</h2>
        <span className="grow ellipsis">{context}</span>
        {controls}
      </div>
      <div
        className={fixed === true ? 'pane-body fixed' : 'pane-body'}
        tabIndex={fixed === true ? undefined : 0}
        role={fixed === true ? undefined : 'group'}
        aria-labelledby={heading}
      >
        <ErrorBoundary what={`“${title}”`}>{children}</ErrorBoundary>
      </div>
      {foot !== undefined && <div className="pane-foot">{foot}</div>}
    </section>
  )
}
