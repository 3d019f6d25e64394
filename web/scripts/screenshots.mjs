// Takes a picture of every view: node scripts/screenshots.mjs BASE_URL FOLDER [PART_OF_NAME]
// It fails if a view reports an error, or asks another host for anything.
import { mkdir } from 'node:fs/promises'
import { chromium } from 'playwright-core'

const [base = 'http://127.0.0.1:8080', folder = 'screenshots', only = ''] = process.argv.slice(2)
const password = process.env.NETFLOW_PASSWORD ?? ''
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const args = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
]

const sizes = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } }
const views = {
  overview: '/',
  sessions: '/sessions',
  session: '/sessions',
  ips: '/ips',
  ip: '/ips',
  rankings: '/rankings?from=-24h&compare=previous&dimension=country',
  range: '/?from=-24h&compare=previous',
  map: '/map',
  events: '/events',
  capture: '/?panel=capture',
  database: '/?panel=database',
}

const faults = []
await mkdir(folder, { recursive: true })
const browser = await chromium.launch({ executablePath, args })
try {
  for (const size of Object.keys(sizes))
    for (const theme of ['light', 'dark'])
      for (const locale of ['en', 'zh-CN']) await shoot(size, theme, locale)
} finally {
  await browser.close()
}
if (faults.length > 0) {
  console.error(faults.join('\n'))
  process.exitCode = 1
}

async function shoot(size, theme, locale) {
  const names = Object.keys(views).map((view) => [view, `${view}-${size}-${theme}-${locale}`])
  const wanted = names.filter(([, name]) => name.includes(only))
  if (wanted.length === 0) return
  const phone = size === 'phone'
  const context = await browser.newContext({
    viewport: sizes[size], colorScheme: theme, locale, deviceScaleFactor: phone ? 2 : 1, hasTouch: phone, isMobile: phone,
  })
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(`${size} ${theme} ${locale}: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`${page.url()}: ${message.text()}`)
  })
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.protocol !== 'data:' && url.host !== new URL(base).host) faults.push(`request to ${url.host}`)
  })
  for (const [view, name] of wanted) {
    await page.goto(base + views[view])
    if (password && (await page.locator('#password').count()) > 0) {
      await page.fill('#password', password)
      await page.press('#password', 'Enter')
    }
    await settle(page, view)
    await page.screenshot({ path: `${folder}/${name}.png` })
    if (view === 'overview') await page.screenshot({ path: `${folder}/${name}-full.png`, fullPage: true })
    console.log(name)
  }
  await context.close()
}

/** Waits until a view shows what it is for, and goes where only a click leads. */
async function settle(page, view) {
  await page.waitForLoadState('load')
  await page.waitForTimeout(2500)
  const first = page.locator('tbody tr, .entry[role=button]').first()
  if (view === 'session' || view === 'ip') {
    // A pointer over the rows holds them still, so that the click meets its row.
    const box = await first.boundingBox({ timeout: 10_000 })
    if (!box) throw new Error(`${page.url()}: no row to open`)
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2)
    await page.mouse.move(2, 2)
    await page.waitForTimeout(1500)
  }
  if (view === 'map') await page.waitForTimeout(1500)
}
