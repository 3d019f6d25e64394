import { reactive, readonly } from 'vue'
import { ApiError, download, queryString, type Parameters } from '@/api/client'
import type { Problem } from '@/api/types'
import { openTarget, type Target } from '@/composables/exportFile'
import { RowCounter } from '@/composables/rowCounter'

export type ExportFormat = 'csv' | 'jsonl'

export interface Export {
  id: number
  file: string
  /** What total counts. */
  unit: 'rows' | 'bytes'
  state: 'running' | 'done' | 'cancelled' | 'failed'
  rows: number
  bytes: number
  /** As the monitor reckons it; null if it does not say. */
  total: number | null
  estimated: boolean
  problem: Problem | null
  /** Where the browser itself could fetch it, if the page has to keep the whole file in memory. */
  direct: string
}

const list = reactive<Export[]>([])
const stops = new Map<number, () => void>()
let next = 1

/** The exports of this page, running and over. */
export const exports = readonly(list)

/** Exports a list into a file of the viewer's choice. It goes on while the viewer goes elsewhere on the page. */
export async function startExport(name: string, format: ExportFormat, parameters: Parameters): Promise<void> {
  const address = `/api/export/${name}?${queryString({ ...parameters, format })}`
  const target = await openTarget(fileName(name, format), format)
  if (target) await run(target, address, 'GET', new RowCounter(format === 'csv'))
}

/** Fetches a copy of the database, which the monitor makes and checks first. */
export async function startBackup(): Promise<void> {
  const target = await openTarget(fileName('backup', 'db'), 'db')
  if (target) await run(target, '/api/database/backup', 'POST', null)
}

function fileName(name: string, ending: string): string {
  const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')
  return `netflow-${name}-${stamp}.${ending}`
}

async function run(target: Target, address: string, method: string, counter: RowCounter | null): Promise<void> {
  const id = next++
  list.push({
    id, file: target.name, unit: counter ? 'rows' : 'bytes', state: 'running', rows: 0, bytes: 0, total: null, estimated: false,
    problem: null, direct: target.kind === 'memory' && method === 'GET' ? address : '',
  })
  const mine = list.find((entry) => entry.id === id)
  if (!mine) return
  const stop = new AbortController()
  stops.set(id, () => stop.abort())
  try {
    const response = await download(address, stop.signal, method)
    const total = Number(response.headers.get(counter ? 'X-Total-Count' : 'Content-Length') ?? NaN)
    mine.total = Number.isFinite(total) ? total : null
    mine.estimated = response.headers.get('X-Total-Estimated') === 'true'
    await copy(response, target, mine, counter)
    await target.close()
    mine.state = 'done'
  } catch (cause) {
    await target.abort().catch(() => undefined)
    mine.state = stop.signal.aborted ? 'cancelled' : 'failed'
    if (mine.state === 'failed') mine.problem = problemOf(cause)
  } finally {
    stops.delete(id)
  }
}

/** Progress four times a second is enough: rendering more of it would cost the export its speed. */
const pause = 250

async function copy(response: Response, target: Target, mine: Export, counter: RowCounter | null): Promise<void> {
  const reader = response.body?.getReader()
  let bytes = 0
  let shown = 0
  const show = () => Object.assign(mine, { bytes, rows: counter?.rows ?? 0 })
  for (;;) {
    const part = await reader?.read()
    if (!part || part.done) break
    await target.write(part.value)
    counter?.add(part.value)
    bytes += part.value.length
    if (performance.now() - shown < pause) continue
    shown = performance.now()
    show()
  }
  show()
}

function problemOf(cause: unknown): Problem {
  if (cause instanceof ApiError) return cause.problem
  const detail = cause instanceof Error ? cause.message : String(cause)
  return { type: 'about:blank', title: 'export failed', status: 0, detail, code: 'export_cut' }
}

export function cancelExport(id: number): void {
  stops.get(id)?.()
}

/** Takes an export that is over off the list. */
export function dismissExport(id: number): void {
  const at = list.findIndex((entry) => entry.id === id && entry.state !== 'running')
  if (at >= 0) list.splice(at, 1)
}
