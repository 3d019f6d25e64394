import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { pickLocale } from '@/locales'
import en from '@/locales/en.json'
import zh from '@/locales/zh-CN.json'

type Messages = { [key: string]: string | Messages }

function flatten(messages: Messages, prefix = ''): Map<string, string> {
  const flat = new Map<string, string>()
  for (const [key, value] of Object.entries(messages)) {
    if (typeof value === 'string') flat.set(prefix + key, value)
    else for (const [k, v] of flatten(value, `${prefix}${key}.`)) flat.set(k, v)
  }
  return flat
}

const source = join(__dirname, '../src')
const code = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(vue|ts)$/.test(name))
  .map((name) => readFileSync(join(source, name), 'utf8'))
  .join('\n')

const english = flatten(en)
const chinese = flatten(zh)
const literals = new Set([...code.matchAll(/['"`]([a-z][A-Za-z_]*(?:\.[A-Za-z_]+)+)['"`]/g)].map((m) => m[1] ?? ''))
const asked = new Set([...code.matchAll(/\b(?:te?|say)\(\s*['"]([^'"]+)['"]/g)].map((m) => m[1] ?? ''))
// t(`state.${name}`) uses every key below "state."
const families = [...code.matchAll(/\b(?:te?|say)\(`([a-z][A-Za-z_.]*\.)\$\{/g)].map((m) => m[1] ?? '')
// known('end', …) and named('fault', …) do the same by name.
families.push(...[...code.matchAll(/\b(?:known|named)\('([a-z]+)'/g)].map((m) => `${m[1]}.`))

const parameters = (text: string) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]))].sort()

describe('messages', () => {
  it('have the same keys in every language', () => {
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort())
  })

  it('are there for every key that the code asks for', () => {
    expect([...asked].filter((key) => !english.has(key))).toEqual([])
    expect(families.filter((family) => ![...english.keys()].some((key) => key.startsWith(family)))).toEqual([])
  })

  it('are all used', () => {
    const used = (key: string) => literals.has(key) || families.some((family) => key.startsWith(family))
    expect([...english.keys()].filter((key) => !used(key))).toEqual([])
  })

  it('have the same parameters in every language, and none is empty', () => {
    for (const [key, text] of english) {
      expect(text.trim(), key).not.toBe('')
      expect(chinese.get(key)?.trim(), key).not.toBe('')
      expect(parameters(chinese.get(key) ?? ''), key).toEqual(parameters(text))
    }
  })
})

describe('names that come from the program', () => {
  const go = (file: string) => readFileSync(join(__dirname, '../../internal', file), 'utf8')
  const list = (text: string, start: string) => {
    const from = text.indexOf(start)
    const body = text.slice(from, text.indexOf('\n}', from))
    return [...body.matchAll(/"([a-z_]+)"/g)].map((m) => m[1] ?? '')
  }
  it.each([
    ['state', 'flow/enums.go', 'var stateNames'],
    ['scope', 'geo/geo.go', 'var scopeNames'],
    ['fault', 'packet/fault.go', 'FaultUnsupportedLink:'],
    ['evicted', 'stats/engine.go', '"sessions", "ips"'],
    ['points.state', 'api/api.go', 'PointCapturing'],
  ])('%s', (family, file, start) => {
    const names = list(go(file), start)
    expect(names.length).toBeGreaterThan(3)
    expect(names.filter((name) => !english.has(`${family}.${name}`))).toEqual([])
  })
})

describe('pickLocale', () => {
  it.each([
    ['', ['zh-CN'], 'zh-CN'],
    ['', ['zh-TW', 'en'], 'zh-CN'],
    ['', ['fr', 'en-GB'], 'en'],
    ['', ['fr'], 'en'],
    ['en', ['zh-CN'], 'en'],
    ['nonsense', ['zh'], 'zh-CN'],
  ])('%s of %o', (remembered, wanted, locale) => expect(pickLocale(remembered, wanted)).toBe(locale))
})
