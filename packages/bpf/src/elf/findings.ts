/** What an importer found wrong or worth saying about an object; there is no source text to point into. */
export interface ObjectFinding {
  /** Stable. */
  readonly code: string
  readonly severity: 'error' | 'warning' | 'info'
  readonly message: string
}

const LIMIT = 200

export class ObjectFindings {
  readonly list: ObjectFinding[] = []

  get hasErrors(): boolean {
    return this.list.some(({ severity }) => severity === 'error')
  }

  error(code: string, message: string): void {
    this.add('error', code, message)
  }

  warning(code: string, message: string): void {
    this.add('warning', code, message)
  }

  info(code: string, message: string): void {
    this.add('info', code, message)
  }

  private add(severity: ObjectFinding['severity'], code: string, message: string): void {
    if (this.list.length < LIMIT) this.list.push({ code, severity, message })
  }
}
