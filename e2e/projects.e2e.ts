/** What the browser keeps: projects by name, earlier versions, and nothing lost by opening another. */
import { chooseDemo, edit, editorReady, expect, openStill, sourceOf, test } from './page'

test('a project is saved, renamed, opened after a reload, deleted, and stays among the versions', async ({ page }) => {
  await openStill(page)
  await editorReady(page)
  await edit(page, 'r3 != 53', 'r3 != 81')
  const dialog = page.getByRole('dialog', { name: 'Projects' })
  const saved = dialog.getByRole('list', { name: 'Saved projects' })
  const openDialog = async (): Promise<void> => {
    await page.getByTestId('program-menu').click()
    await page.getByRole('menuitemradio', { name: /Projects/ }).click()
    await expect(dialog).toBeVisible()
  }
  await openDialog()
  await dialog.getByLabel('Name of the project').fill('Port 81')
  await dialog.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(saved.getByRole('button', { name: 'Port 81', exact: true })).toBeVisible()
  await dialog.getByRole('button', { name: 'Rename Port 81' }).click()
  await dialog.getByLabel('New name of Port 81').fill('Flood on 81')
  await page.keyboard.press('Enter')
  await expect(saved.getByRole('button', { name: 'Flood on 81', exact: true })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page).toHaveTitle(/^Flood on 81/)
  await chooseDemo(page, 'Programmable RSS')

  await page.reload()
  await editorReady(page)
  await expect(page).not.toHaveTitle(/^Flood on 81/)
  await openDialog()
  await saved.getByRole('button', { name: 'Flood on 81', exact: true }).click()
  await expect(dialog).toBeHidden()
  expect(await sourceOf(page)).toContain('r3 != 81')
  await openDialog()
  await dialog.getByRole('button', { name: 'Delete Flood on 81' }).click()
  await expect(saved.getByRole('button', { name: 'Flood on 81' })).toHaveCount(0)
  await dialog
    .getByRole('list', { name: 'Earlier versions' })
    .getByRole('button', { name: 'Flood on 81' })
    .first()
    .click()
  expect(await sourceOf(page)).toContain('r3 != 81')
})
