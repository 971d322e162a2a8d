/** Short messages at the bottom, and the live region that reads verdicts and stops. */
import type { ReactElement } from 'react'
import { dismiss, useView } from '../stores/view'
import { Icon } from './icons'

export function Notices(): ReactElement {
  const notices = useView((state) => state.notices)
  const announcement = useView((state) => state.announcement)
  return (
    <>
      <div className="visually-hidden" role="status" aria-live="polite" data-testid="announcement">
        {announcement}
      </div>
      {notices.length > 0 && (
        <div className="notices" role="region" aria-label="Messages">
          {notices.map((notice) => (
            <div key={notice.id} className={`notice ${notice.kind}`} data-testid={`notice-${notice.kind}`}>
              <span className="glyph" aria-hidden="true">
                <i>{notice.kind === 'fail' ? '✕' : 'i'}</i>
              </span>
              <span className="grow">{notice.text}</span>
              <button type="button" className="btn ico" aria-label="Dismiss" onClick={() => dismiss(notice.id)}>
                {Icon.close}
              </button>
            </div>
          ))}
        </div>
      )}
    </>
  )
}
