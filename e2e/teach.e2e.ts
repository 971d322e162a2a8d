/** Gallery and lessons in the page: found, opened, checked, and kept; the same verdict as in the terminal. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { edit, editorReady, expect, open, openStill, setSource, sourceOf, test, total } from './page'

interface LessonText {
  readonly id: string
  readonly solution: { readonly source: string }
  readonly mistakes: readonly unknown[]
}

/** The lessons as the terminal has them. */
const LESSONS = JSON.parse(
  execFileSync(
    process.execPath,
    [
      '--import',
      'tsx',
      '--conditions=@offload/source',
      '--input-type=module',
      '-e',
      "import { LESSONS } from '@offload/content'; console.log(JSON.stringify(LESSONS))",
    ],
    { cwd: fileURLToPath(new URL('../apps/cli', import.meta.url)), encoding: 'utf8' },
  ),
) as readonly LessonText[]

test('the gallery is searched, an item opens with all of its session, a refusal shows its words and its cure', async ({
  page,
}) => {
  await open(page)
  await page.getByTestId('demo-menu').click()
  const gallery = page.getByRole('dialog', { name: 'Gallery' })
  await expect(gallery.getByTestId('gallery-programs').getByRole('listitem')).toHaveCount(17)
  await gallery.getByLabel('Search the gallery').fill('adjust_tail')
  await gallery.getByRole('button', { name: /Truncate and reply/ }).click()
  await expect(gallery).toBeHidden()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Truncate and reply')
  await expect(page.getByTestId('verdict-device')).toHaveClass(/ok/)
  await expect.poll(() => total(page, 'transmitted')).toBeGreaterThan(20)

  await page.getByTestId('demo-menu').click()
  await gallery.getByRole('tab', { name: 'Refusals' }).click()
  await gallery.getByRole('button', { name: /A remainder/ }).click()
  await gallery.getByRole('button', { name: 'Open it' }).click()
  await expect(page.getByTestId('verdict-device')).not.toHaveClass(/ok/)
  await expect(page.locator('main')).toContainText('instruction 0x97 not supported')
})

test('a lesson: the start fails with a hint, the answer passes, progress and program are still there after a reload', async ({
  page,
}) => {
  await openStill(page)
  await page.getByTestId('demo-menu').click()
  await page.getByRole('tab', { name: 'Lessons' }).click()
  await page
    .getByTestId('gallery-lessons')
    .getByRole('button', { name: /Hello, drop/ })
    .click()
  const lesson = page.getByTestId('lesson')
  await lesson.getByTestId('check-lesson').click()
  await expect(lesson.getByTestId('lesson-tell')).toContainText('UDP still gets through', { timeout: 30_000 })
  await lesson.getByRole('button', { name: 'Give me a hint' }).click()
  await expect(lesson).toContainText('The verdict is the number that is put into r0.')

  await edit(page, 'r0 = 2', 'r0 = 1')
  await expect(page.getByTestId('verdict-device')).toHaveClass(/ok/)
  await lesson.getByTestId('check-lesson').click()
  await expect(lesson.getByTestId('lesson-tell')).toContainText('ARP is not IP', { timeout: 30_000 })

  await setSource(page, LESSONS[0]!.solution.source)
  await lesson.getByTestId('check-lesson').click()
  await expect(lesson).toContainText('Every step holds.', { timeout: 30_000 })

  await page.reload()
  await page.getByTestId('demo-menu').click()
  await page.getByRole('tab', { name: 'Lessons' }).click()
  const entry = page.getByTestId('gallery-lessons').getByRole('button', { name: /Hello, drop/ })
  await expect(entry).toContainText('done')
  await entry.click()
  await editorReady(page)
  expect(await sourceOf(page)).toBe(LESSONS[0]!.solution.source)
})

test('the foreseen mistakes of lessons 1 to 4 are told in the page as in the terminal', async ({ page }) => {
  await openStill(page)
  for (const lesson of LESSONS.slice(0, 4)) {
    const told = await page.evaluate(
      ([key, document]) => {
        localStorage.setItem('offload.lesson-draft', document!)
        return key
      },
      [lesson.id, JSON.stringify(lesson)],
    )
    expect(told).toBe(lesson.id)
    await page.keyboard.press('F1')
    await page.getByRole('combobox', { name: 'Command' }).fill('Write a lesson')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Try its solution and mistakes' }).click()
    const trial = page.getByRole('dialog').getByRole('status')
    await expect(trial).toContainText(`Mistake ${lesson.mistakes.length}`, { timeout: 60_000 })
    await expect(trial).toContainText('✓ The solution passes.')
    await expect(trial).not.toContainText('✕')
    await page.keyboard.press('Escape')
  }
})
