/** What can be done with the program as a whole: open a file, download it, convert it, lay it out. */
import type { ReactElement } from 'react'
import { Menu } from './menu'
import { PROGRAM_ACTIONS } from './program-actions'

export function ProgramMenu(): ReactElement {
  return (
    <Menu
      label="Program: files and dialect"
      testId="program-menu"
      text="File"
      right
      items={PROGRAM_ACTIONS.map(({ id, title, detail }) => ({ id, title, detail }))}
      onChoose={(id) => void PROGRAM_ACTIONS.find((action) => action.id === id)?.act()}
    />
  )
}
