/**
 * What the firmware says it can do, with switches and limits to change for trying out. Changes live in the document;
 * the driver judges the program again, and the card starts anew with them.
 */
import { useState } from 'react'
import type { ReactElement } from 'react'
import { FIRMWARE_PROFILES } from '@offload/nfp-jit'
import type { FirmwareProfile } from '@offload/nfp-jit'
import type { CapabilityChanges } from '@offload/session'
import { grouped } from '../components/number-text'
import { useDocument } from '../stores/document'

type SwitchName = Exclude<keyof CapabilityChanges, NumberName>
type NumberName = 'maxLen' | 'stackSize' | 'maxMaps' | 'maxElems'

interface Switch {
  readonly name: SwitchName
  readonly title: string
  readonly detail: string
  readonly has: (profile: FirmwareProfile) => boolean
  /** Helpers have an address in the firmware: what it lacks cannot be switched on. */
  readonly needsFirmware: boolean
}

const helper = (name: SwitchName & keyof FirmwareProfile['helpers'], title: string, detail: string): Switch => ({
  name,
  title,
  detail,
  has: (profile) => profile.helpers[name] !== 0,
  needsFirmware: true,
})

const HASH = 1 << 1
const ARRAY = 1 << 2

const SWITCHES: readonly Switch[] = [
  helper('lookup', 'Map lookup', 'map_lookup_elem'),
  helper('update', 'Map update', 'map_update_elem'),
  helper('delete', 'Map delete', 'map_delete_elem'),
  helper('perfEventOutput', 'Events', 'perf_event_output'),
  {
    name: 'adjustHead',
    title: 'Adjust head',
    detail: 'xdp_adjust_head',
    has: ({ adjustHead }) => adjustHead.offMax !== 0,
    needsFirmware: true,
  },
  {
    name: 'adjustTail',
    title: 'Adjust tail',
    detail: 'xdp_adjust_tail',
    has: (profile) => profile.adjustTail,
    needsFirmware: false,
  },
  {
    name: 'random',
    title: 'Random numbers',
    detail: 'get_prandom_u32',
    has: (profile) => profile.random,
    needsFirmware: false,
  },
  {
    name: 'queueSelect',
    title: 'Queue select',
    detail: 'rx_queue_index',
    has: (profile) => profile.queueSelect,
    needsFirmware: false,
  },
  {
    name: 'hashMaps',
    title: 'Hash maps',
    detail: 'map type',
    has: ({ maps }) => (maps.types & HASH) !== 0,
    needsFirmware: false,
  },
  {
    name: 'arrayMaps',
    title: 'Array maps',
    detail: 'map type',
    has: ({ maps }) => (maps.types & ARRAY) !== 0,
    needsFirmware: false,
  },
]

const NUMBERS: readonly {
  readonly name: NumberName
  readonly title: string
  readonly unit: string
  readonly of: (profile: FirmwareProfile) => number
}[] = [
  { name: 'maxLen', title: 'Program length', unit: 'words', of: (profile) => profile.maxLen },
  { name: 'stackSize', title: 'Stack', unit: 'B', of: (profile) => profile.stackSize },
  { name: 'maxMaps', title: 'Maps', unit: 'maps', of: (profile) => profile.maps.maxMaps },
  { name: 'maxElems', title: 'Map entries', unit: 'in all', of: (profile) => profile.maps.maxElems },
]

/** Write a capability; what equals the firmware's own value is no change and is left out. */
export function changeCapability(name: keyof CapabilityChanges, value: boolean | number, own: boolean | number): void {
  const { document, patch } = useDocument.getState()
  const { [name]: _old, ...others } = document.capabilities ?? {}
  patch({ capabilities: value === own ? others : { ...others, [name]: value } })
}

export function Capabilities(): ReactElement {
  const firmware = useDocument((state) => state.document.firmware)
  const changes = useDocument((state) => state.document.capabilities) ?? {}
  const profile = FIRMWARE_PROFILES[firmware]
  const changed = Object.keys(changes).length
  return (
    <div className="capabilities" data-testid="capabilities">
      <p className="row">
        <span className="dim grow">
          Firmware <b className="ink1">{firmware}</b>
          {changed === 0 ? ', as it is' : `, ${changed} changed`}
        </span>
        <button
          type="button"
          className="btn line small"
          disabled={changed === 0}
          onClick={() => useDocument.getState().patch({ capabilities: {} })}
        >
          Reset
        </button>
      </p>
      <ul>
        {SWITCHES.map(({ name, title, detail, has, needsFirmware }) => {
          const own = has(profile)
          const on = changes[name] ?? own
          return (
            <li key={name} className={on === own ? '' : 'changed'}>
              <label
                title={needsFirmware && !own ? 'This firmware has no such code; choose another firmware.' : detail}
              >
                <input
                  type="checkbox"
                  role="switch"
                  checked={on && (own || !needsFirmware)}
                  disabled={needsFirmware && !own}
                  onChange={(event) => changeCapability(name, event.target.checked, own)}
                />
                <span className="grow">{title}</span>
                {on === own ? (
                  <span className="dim mono">{detail}</span>
                ) : (
                  <span className="badge warn">! changed</span>
                )}
              </label>
            </li>
          )
        })}
      </ul>
      <ul>
        {NUMBERS.map(({ name, title, unit, of }) => (
          <li key={name} className={changes[name] === undefined ? '' : 'changed'}>
            <NumberRow
              key={`${firmware}.${changes[name] ?? ''}`}
              name={name}
              title={title}
              unit={unit}
              value={changes[name] ?? of(profile)}
              own={of(profile)}
            />
          </li>
        ))}
      </ul>
      <p className="dim fine">
        The card starts anew with each change that the program survives. A refused program leaves the last good one
        running.
      </p>
    </div>
  )
}

function NumberRow(props: {
  readonly name: NumberName
  readonly title: string
  readonly unit: string
  readonly value: number
  readonly own: number
}): ReactElement {
  const [text, setText] = useState(String(props.value))
  const value = Number(text)
  const good = text !== '' && Number.isInteger(value) && value >= 0 && value <= 0x7fffffff
  const write = (): void => {
    if (good && value !== props.value) changeCapability(props.name, value, props.own)
  }
  return (
    <label>
      <span className="grow">{props.title}</span>
      <input
        className="field small mono r"
        style={{ width: 76 }}
        inputMode="numeric"
        aria-label={`${props.title}, ${props.unit}`}
        aria-invalid={!good}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={write}
        onKeyDown={(event) => {
          if (event.key === 'Enter') write()
          if (event.key === 'Escape') setText(String(props.value))
        }}
      />
      <span className="dim" style={{ width: 38 }} title={`the firmware's own: ${grouped(props.own)}`}>
        {props.unit}
      </span>
    </label>
  )
}
