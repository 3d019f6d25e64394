import type { LocationQuery } from 'vue-router'
import { queryString, type Parameters } from '@/api/client'

/** A list's state as it stands in the address bar. Filters hold set values only. */
export interface ListQuery {
  page: number
  /** The place behind which the page begins, as the page before told it; empty: it is counted from the start. */
  after: string
  perPage: number
  orderBy: string
  descending: boolean
  filters: Record<string, string>
}

/** What a list can be asked for, and what it starts with. */
export interface ListSpec {
  orderBy: string
  descending: boolean
  perPage: number
  /** Columns that can be sorted by; anything else in the address bar is ignored. None: the API has one order only. */
  sortable: readonly string[]
  filters: readonly string[]
}

/** What sessions are selected by, in the list and in rankings of them. */
export const sessionFilters = [
  'text', 'ip', 'src_ip', 'dst_ip', 'protocol', 'port', 'state', 'tunnel', 'interface', 'active',
  'direction', 'country', 'asn', 'min_bytes', 'max_bytes', 'min_duration', 'max_duration',
] as const

export const pageSizes = [25, 50, 100, 200] as const

export function parseListQuery(query: LocationQuery, spec: ListSpec): ListQuery {
  const text = (key: string): string => {
    const value = query[key]
    return (Array.isArray(value) ? value[0] : value)?.trim() ?? ''
  }
  const orderBy = spec.sortable.includes(text('order_by')) ? text('order_by') : spec.orderBy
  const direction = text('order_direction')
  const filters: Record<string, string> = {}
  for (const name of spec.filters) if (text(name)) filters[name] = text(name)
  const page = whole(text('page'), 1)
  return {
    page,
    after: page > 1 ? text('after') : '',
    perPage: pageSizes.find((size) => String(size) === text('per_page')) ?? spec.perPage,
    orderBy,
    descending: direction ? direction === 'desc' : orderBy === spec.orderBy ? spec.descending : true,
    filters,
  }
}

/** What belongs into the address bar: only what differs from the start. */
export function toRouteQuery(list: ListQuery, spec: ListSpec): Record<string, string> {
  const query: Record<string, string> = { ...list.filters }
  if (list.page > 1) query.page = String(list.page)
  if (list.page > 1 && list.after) query.after = list.after
  if (list.perPage !== spec.perPage) query.per_page = String(list.perPage)
  if (list.orderBy !== spec.orderBy || list.descending !== spec.descending) {
    query.order_by = list.orderBy
    query.order_direction = list.descending ? 'desc' : 'asc'
  }
  return query
}

/** The same list as parameters of the API, complete and in a fixed order. */
export function toApiQuery(list: ListQuery, spec: ListSpec, time: Record<string, string> = {}): string {
  const parameters: Parameters = {
    ...list.filters,
    ...time,
    page: list.after ? undefined : list.page,
    after: list.after || undefined,
    per_page: list.perPage,
    order_by: spec.sortable.length ? list.orderBy : undefined,
    order_direction: spec.sortable.length ? (list.descending ? 'desc' : 'asc') : undefined,
  }
  return queryString(parameters)
}

/** What selects and orders the whole list, without a page of it: the parameters of its export. */
export function toExportQuery(list: ListQuery, spec: ListSpec, time: Record<string, string>): Parameters {
  const order = spec.sortable.length ? { order_by: list.orderBy, order_direction: list.descending ? 'desc' : 'asc' } : {}
  return { ...list.filters, ...time, ...order }
}

/** Sorting by the column that sorts already turns the direction; another starts with the largest. */
export function sortedBy(list: ListQuery, column: string): ListQuery {
  const descending = list.orderBy === column ? !list.descending : true
  return { ...list, page: 1, after: '', orderBy: column, descending }
}

export function filteredBy(list: ListQuery, name: string, value: string): ListQuery {
  const others = Object.entries(list.filters).filter(([key]) => key !== name)
  const mine = value.trim() ? [[name, value.trim()]] : []
  return { ...list, page: 1, after: '', filters: Object.fromEntries([...others, ...mine]) as Record<string, string> }
}

function whole(text: string, fallback: number): number {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : fallback
}
