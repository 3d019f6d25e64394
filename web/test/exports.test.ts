import { afterEach, describe, expect, it, vi } from 'vitest'
import { openTarget } from '@/composables/exportFile'
import { RowCounter } from '@/composables/rowCounter'
import { cancelExport, dismissExport, exports, startExport } from '@/stores/exports'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('rows', () => {
  const count = (csv: boolean, ...parts: string[]) => {
    const counter = new RowCounter(csv)
    for (const part of parts) counter.add(bytes(part))
    return counter.rows
  }
  it('of CSV are those below the header, whatever is in them', () => {
    expect(count(true, 'a,b\n1,2\n3,4\n')).toBe(2)
    expect(count(true, 'a\n"one\ntwo"\n')).toBe(1)
    expect(count(true, 'a\n"on', 'e\n""tw', 'o"""\nx\n')).toBe(2)
    expect(count(true, '')).toBe(0)
  })
  it('of JSON lines are lines', () => expect(count(false, '{"a":"x\\"y"}\n{}', '\n')).toBe(2))
})

/** A file that the viewer has chosen, and what was done with it. */
function chosenFile() {
  const file = { text: '', closed: false, aborted: false }
  vi.stubGlobal('showSaveFilePicker', () =>
    Promise.resolve({
      name: 'chosen.csv',
      createWritable: () =>
        Promise.resolve({
          write: (part: Uint8Array) => ((file.text += new TextDecoder().decode(part)), Promise.resolve()),
          close: () => ((file.closed = true), Promise.resolve()),
          abort: () => ((file.aborted = true), Promise.resolve()),
        }),
    }))
  return file
}
const answer = (body: ReadableStream<Uint8Array>, headers = {}) =>
  vi.stubGlobal('fetch', (_: string, init: RequestInit) =>
    Promise.resolve(new Response(body.pipeThrough(new TransformStream(), init.signal ? { signal: init.signal } : {}), { headers })))
const stream = (pull: UnderlyingDefaultSource<Uint8Array>['pull'], start?: string) =>
  new ReadableStream<Uint8Array>({ start: (c) => (start ? c.enqueue(bytes(start)) : undefined), ...(pull ? { pull } : {}) })

afterEach(() => {
  vi.unstubAllGlobals()
  for (const entry of [...exports]) dismissExport(entry.id)
})

describe('an export', () => {
  it('goes into the chosen file and is counted', async () => {
    const file = chosenFile()
    answer(stream((c) => c.close(), 'a\n1\n2\n'), { 'X-Total-Count': '2', 'X-Total-Estimated': 'true' })
    await startExport('sessions', 'csv', { ip: '::1' })
    expect(file).toEqual({ text: 'a\n1\n2\n', closed: true, aborted: false })
    expect(exports[0]).toMatchObject({ state: 'done', file: 'chosen.csv', rows: 2, bytes: 6, total: 2, estimated: true, direct: '' })
  })

  it('says so when it breaks off, and leaves no file that looks whole', async () => {
    const file = chosenFile()
    answer(stream((c) => c.error(new TypeError('network error')), 'a\n1\n'))
    await startExport('sessions', 'csv', {})
    expect(file).toMatchObject({ closed: false, aborted: true })
    expect(exports[0]).toMatchObject({ state: 'failed', problem: { code: 'export_cut', detail: 'network error' } })
  })

  it('tells the monitor\'s reason for refusing', async () => {
    chosenFile()
    vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ code: 'bad_parameter', title: 'x', detail: 'ip' }, { status: 400 })))
    await startExport('sessions', 'csv', {})
    expect(exports[0]).toMatchObject({ state: 'failed', problem: { code: 'bad_parameter', detail: 'ip' } })
  })

  it('can be cancelled', async () => {
    const file = chosenFile()
    answer(stream(undefined, 'a\n'))
    const over = startExport('sessions', 'csv', {})
    await vi.waitFor(() => expect(file.text).toBe('a\n'))
    cancelExport(exports[0]?.id ?? 0)
    await over
    expect(exports[0]).toMatchObject({ state: 'cancelled', problem: null })
    expect(file.aborted).toBe(true)
  })

  it('does not begin if the viewer names no file', async () => {
    vi.stubGlobal('showSaveFilePicker', () => Promise.reject(new DOMException('no', 'AbortError')))
    expect(await openTarget('x', 'csv')).toBeNull()
    await startExport('sessions', 'csv', {})
    expect(exports).toHaveLength(0)
  })

  it('is kept in memory where files can not be written', async () => {
    expect((await openTarget('x', 'csv'))?.kind).toBe('memory')
    vi.stubGlobal('showSaveFilePicker', () => Promise.reject(new DOMException('no', 'SecurityError')))
    expect((await openTarget('x', 'csv'))?.kind).toBe('memory')
  })
})
