// What the browser tests share. They are run by the Go tests in internal/e2e, which
// own the monitor: findings go to standard output as one JSON object a line, and
// what only the Go side can do is asked for in the same way.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright-core'

const args = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-default-apps',
]

/** The page's texts, so that elements are found by what a person reads. */
export const texts = Object.fromEntries(
  ['en', 'zh-CN'].map((code) => [
    code,
    JSON.parse(readFileSync(new URL(`../../src/locales/${code}.json`, import.meta.url), 'utf8')),
  ]),
)

const replies = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

function tell(finding) {
  process.stdout.write(`${JSON.stringify(finding)}\n`)
}

/** Has the Go side do something and waits until it is done. */
export async function ask(what) {
  tell({ ask: what })
  await replies.next()
}

export function must(holds, message) {
  if (!holds) throw new Error(message)
}

/** Asks until the answer is true; fails with what was seen last. */
export async function eventually(milliseconds, what, look) {
  const end = Date.now() + milliseconds
  for (;;) {
    const { ok, seen } = await look()
    if (ok) return
    must(Date.now() < end, `not within ${milliseconds} ms: ${what}; last seen: ${JSON.stringify(seen)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** A browser that remembers everything a page must not do. */
export class Browser {
  faults = { console: [], hosts: [], policy: [] }
  /** Console errors that a check causes on purpose; they are the browser's own words. */
  excused = null

  constructor(base) {
    this.base = base
    this.host = new URL(base).host
  }

  async start() {
    this.browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args })
  }

  /** Opens an empty page in a fresh profile. */
  async page(options) {
    const context = await this.browser.newContext(options)
    const policy = 'violates the content security policy: '
    await context.addInitScript((prefix) => {
      document.addEventListener('securitypolicyviolation', (event) => {
        // eslint-disable-next-line no-console -- the console is what is being watched
        console.error(prefix + event.violatedDirective + ' ' + event.blockedURI)
      })
    }, policy)
    const page = await context.newPage()
    page.setDefaultTimeout(15_000)
    page.on('pageerror', (error) => this.faults.console.push(`${page.url()}: ${error.stack ?? error.message}`))
    page.on('console', (message) => {
      if (!['error', 'warning'].includes(message.type())) return
      const text = message.text()
      if (text.startsWith(policy)) this.faults.policy.push(text)
      else if (!this.excused?.test(text)) this.faults.console.push(`${page.url()}: ${text}`)
    })
    context.on('request', (request) => this.#seen(request.url()))
    page.on('websocket', (socket) => this.#seen(socket.url()))
    return page
  }

  #seen(address) {
    const url = new URL(address)
    if (!['data:', 'blob:'].includes(url.protocol) && url.host !== this.host) this.faults.hosts.push(address)
  }

  /** Runs one check; a failing one does not keep the others from running. */
  async check(name, run) {
    const start = Date.now()
    try {
      const detail = await run()
      tell({ check: name, detail: `${detail ?? ''} ${Date.now() - start} ms`.trim() })
    } catch (error) {
      tell({ check: name, error: error.stack ?? String(error) })
    }
  }

  async finish() {
    await this.browser.close()
    for (const [name, list] of [
      ['no error on the console', this.faults.console],
      ['no request to another host', this.faults.hosts],
      ['nothing against the content security policy', this.faults.policy],
    ]) {
      await this.check(name, () => must(list.length === 0, [...new Set(list)].join('\n')))
    }
    process.exit(0) // the Go side still holds standard input open
  }
}

/** When an element's content changed, in milliseconds since the call; changes of one moment count once. */
export function changes(locator, milliseconds) {
  return locator.evaluate(
    (element, duration) =>
      new Promise((resolve) => {
        const start = performance.now()
        const times = []
        let text = element.innerText
        const observer = new MutationObserver(() => {
          const now = performance.now() - start
          if (element.innerText === text) return
          text = element.innerText
          if (times.length === 0 || now - times.at(-1) > 200) times.push(Math.round(now))
        })
        observer.observe(element, { subtree: true, childList: true, characterData: true })
        setTimeout(() => {
          observer.disconnect()
          resolve(times)
        }, duration)
      }),
    milliseconds,
  )
}
