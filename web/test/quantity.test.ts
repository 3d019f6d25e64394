import { describe, expect, it } from 'vitest'
import { parseBytes, parseDuration, writeBytes, writeDuration } from '@/composables/quantity'

describe('bytes', () => {
  it.each([
    ['', ''], ['4096', '4096'], ['200k', '200000'], ['1.5 MB', '1500000'], ['1,5mb', '1500000'], ['2 GiB', '2147483648'], ['0', '0'],
    ['many', null], ['-1', null], ['1 kk', null], ['99999999 TB', null],
  ])('%j is %j', (text, bytes) => expect(parseBytes(text)).toBe(bytes))

  it.each([['1500000', '1.5 MB'], ['200000', '200 kB'], ['4096', '4096'], ['999', '999'], [undefined, '']])('%s is written %s', (bytes, text) => {
    expect(writeBytes(bytes)).toBe(text)
    expect(parseBytes(text)).toBe(bytes ?? '')
  })
})

describe('durations', () => {
  it.each([
    ['', ''], ['90', '90'], ['250ms', '0.25'], ['1.5 s', '1.5'], ['5m', '300'], ['1h 30m', '5400'], ['1h30m', '5400'], ['2 d', '172800'],
    ['soon', null], ['5 x', null], ['-5', null], ['99999d 99999d', null],
  ])('%j is %j', (text, seconds) => expect(parseDuration(text)).toBe(seconds))

  it.each([['5400', '90 m'], ['3600', '1 h'], ['0.25', '0.25 s'], ['172800', '2 d'], [undefined, '']])('%s is written %s', (seconds, text) => {
    expect(writeDuration(seconds)).toBe(text)
    expect(parseDuration(text)).toBe(seconds ?? '')
  })
})
