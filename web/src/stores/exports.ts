import { reactive, readonly } from 'vue'
import { ApiError, download, queryString, type Parameters } from '@/api/client'
import type { Problem } from '@/api/types'
import { openTarget, type Target } from '@/composables/exportFile'
import { RowCounter } from '@/composables/rowCounter'

export type ExportFormat = 'csv' | 'jsonl'

export interface Export {
  id: number
  file: string
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
  const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')
  const file = `netflow-${name}-${stamp}.${format}`
  const target = await openTarget(file, format)
  if (!target) return
  const stop = new AbortController()
  list.push({
    id: next, file, state: 'running', rows: 0, bytes: 0, total: null, estimated: false, problem: null,
    direct: target.kind === 'memory' ? address : '',
  })
  const mine = list.at(-1)
  if (!mine) return
  stops.set(next++, () => stop.abort())
  try {
    await copy(address, format, target, mine, stop.signal)
    await target.close()
    mine.state = 'done'
  } catch (cause) {
    await target.abort().catch(() => undefined)
    mine.state = stop.signal.aborted ? 'cancelled' : 'failed'
    if (mine.state === 'failed') mine.problem = problemOf(cause)
  } finally {
    stops.delete(mine.id)
  }
}

async function copy(address: string, format: ExportFormat, target: Target, mine: Export, signal: AbortSignal): Promise<void> {
  const response = await download(address, signal)
  const total = Number(response.headers.get('X-Total-Count') ?? NaN)
  mine.total = Number.isFinite(total) ? total : null
  mine.estimated = response.headers.get('X-Total-Estimated') === 'true'
  const counter = new RowCounter(format === 'csv')
  const reader = response.body?.getReader()
  let shown = 0
  for (;;) {
    const part = await reader?.read()
    if (!part || part.done) break
    await target.write(part.value)
    counter.add(part.value)
    // A row of progress four times a second is enough, and rendering more would cost the export its speed.
    if (performance.now() - shown < 250) continue
    shown = performance.now()
    mine.rows = counter.rows
    mine.bytes = counter.bytes
  }
  mine.rows = counter.rows
  mine.bytes = counter.bytes
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
