/** The page's small drawings; each inherits the text colour and is hidden from screen readers. */
import type { ReactElement } from 'react'

const filled = (width: number, path: string): ReactElement => (
  <svg width={width} height="10" aria-hidden="true">
    <path d={path} fill="currentColor" />
  </svg>
)
const drawn = (path: string): ReactElement => (
  <svg width="12" height="12" fill="none" stroke="currentColor" strokeWidth="1.3" aria-hidden="true">
    <path d={path} />
  </svg>
)

export const Icon = {
  play: filled(10, 'M1.5 .5L9 5 1.5 9.5z'),
  pause: filled(10, 'M1 .5h3v9H1zM6 .5h3v9H6z'),
  forward: filled(12, 'M1 .5v9L7.5 5zM9 .5h2v9H9z'),
  back: filled(12, 'M11 .5v9L4.5 5zM1 .5h2v9H1z'),
  first: filled(12, 'M1 .5h2v9H1zM7 .5v9L3 5zM11 .5v9L7 5z'),
  last: filled(12, 'M1 .5v9L5 5zM5 .5v9L9 5zM9 .5h2v9H9z'),
  nextFork: drawn('M1 6h4l5.500 -4M5 6l5.500 4'),
  backFork: drawn('M11 6H7L1.500 2M7 6l-5.500 4'),
  download: drawn('M6 1v7M3.500 5.700L6 8.100l2.500 -2.400M1.500 8v3h9V8'),
  restart: drawn('M10.5 6A4.5 4.5 0 1 1 9 2.7M9.3 .4v2.8H6.5'),
  share: drawn('M6 8V1M3.5 3.3L6 .9l2.5 2.4M1.5 6v5h9V6'),
  table: drawn('M1 2h10v8H1zM1 5h10M5 2v8'),
  chart: drawn('M1 1v10h10M3 8l2.500 -3 2 1.500 3 -4'),
  close: drawn('M2.5 2.5l7 7M9.500 2.500l-7 7'),
  chip: drawn('M3 3h6v6H3zM4.500 1v2M7.500 1v2M4.500 9v2M7.500 9v2M1 4.500h2M1 7.500h2M9 4.500h2M9 7.500h2'),
  code: drawn('M4 2.500L1 6l3 3.500M8 2.500L11 6 8 9.500'),
  maximise: drawn('M1.500 4.500v-3h3M7.500 1.500h3v3M10.500 7.500v3h-3M4.500 10.500h-3v-3'),
  splitRight: drawn('M1.500 1.500h9v9h-9zM6 1.500v9'),
  splitBelow: drawn('M1.500 1.500h9v9h-9zM1.500 6h9'),
  moon: drawn('M10 7.500A4.500 4.500 0 1 1 5 1.500 3.500 3.500 0 0 0 10 7.500z'),
  sun: drawn(
    'M6 3.500a2.500 2.500 0 1 0 .01 0M6 .5v1.200M6 10.300v1.200M.5 6h1.200M10.300 6h1.200M2.100 2.100l.8 .8M9.100 9.100l.8 .8M2.100 9.900l.8 -.8M9.100 2.900l.8 -.8',
  ),
  more: (
    <svg width="12" height="4" aria-hidden="true">
      <g fill="currentColor">
        <circle cx="2" cy="2" r="1.2" />
        <circle cx="6" cy="2" r="1.2" />
        <circle cx="10" cy="2" r="1.2" />
      </g>
    </svg>
  ),
  chevron: (
    <svg className="chev" width="8" height="8" aria-hidden="true">
      <path d="M1 2.500L4 5.500 7 2.500" fill="none" stroke="currentColor" strokeWidth="1.3" />
    </svg>
  ),
} as const

export function Logo(): ReactElement {
  return (
    <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
      <rect x="3.5" y="3.5" width="15" height="15" rx="3" fill="none" stroke="var(--ink-1)" strokeWidth="1.4" />
      <path
        d="M7.5.5v2M11 .5v2M14.500.5v2M7.500 19.500v2M11 19.500v2M14.500 19.500v2"
        stroke="var(--ink-3)"
        strokeWidth="1.4"
      />
      <rect x="6.5" y="6.5" width="4" height="4" rx="1" fill="var(--b-a)" />
      <rect x="11.5" y="6.5" width="4" height="4" rx="1" fill="var(--b-c)" />
      <rect x="6.5" y="11.5" width="4" height="4" rx="1" fill="var(--b-b)" />
      <rect x="11.5" y="11.5" width="4" height="4" rx="1" fill="var(--now)" />
    </svg>
  )
}
