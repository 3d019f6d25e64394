// The page of a monitor that asks for a password: node signin.mjs BASE PASSWORD
import { Browser, must, texts } from './browser.mjs'

const [base, password] = process.argv.slice(2)
const { en } = texts
const browser = new Browser(base)
await browser.start()
const page = await browser.page({ viewport: { width: 1440, height: 900 }, locale: 'en-US' })
const field = page.getByLabel(en.access.password)
const submit = page.getByRole('button', { name: en.access.signIn })
const navigation = page.getByRole('navigation', { name: en.nav.label })

await browser.check('the sign-in view comes first', async () => {
  await page.goto(`${base}sessions`)
  await field.waitFor()
  must((await navigation.count()) === 0, 'the page shows behind the sign-in')
})

await browser.check('a wrong password is refused with a message', async () => {
  browser.excused = /status of 401/
  await field.fill(`${password}, or not`)
  await submit.click()
  await page.getByRole('alert').getByText(en.access.wrong).waitFor()
  browser.excused = null
  must((await navigation.count()) === 0, 'the page opened')
})

await browser.check('the right password opens the page', async () => {
  await field.fill(password)
  await submit.click()
  await page.getByRole('heading', { level: 1, name: en.nav.sessions }).waitFor()
  await page.getByRole('table', { name: en.nav.sessions }).getByRole('row').nth(1).waitFor()
})

await browser.check('a reload does not ask again', async () => {
  await page.reload()
  await navigation.waitFor()
  must((await field.count()) === 0, 'it asks again')
})

await browser.check('signing out closes the page', async () => {
  await page.getByRole('button', { name: en.access.signOut }).click()
  await field.waitFor()
  await page.reload()
  await field.waitFor()
})

await browser.finish()
