import { computed, type ComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import type { Parameters } from '@/api/client'
import {
  filteredBy, parseListQuery, sortedBy, toApiQuery, toExportQuery, toRouteQuery, type ListQuery, type ListSpec,
} from './listQuery'
import { parseTime, timeQuery, type TimeChoice } from './timeRange'

export interface List {
  query: ComputedRef<ListQuery>
  /** The same as the API's parameters. */
  api: ComputedRef<string>
  /** As the parameters of an export: all of it. */
  all: ComputedRef<Parameters>
  filtered: ComputedRef<boolean>
  sort: (column: string) => void
  filter: (name: string, value: string) => void
  clear: () => void
  page: (page: number) => void
  /** The page that follows, by the place that the API named. */
  next: (after: string) => void
  size: (perPage: number) => void
}

/** A list whose time, page, order and filters live in the address bar; asked says how the API is asked about a time. */
export function useList(spec: ListSpec, asked: (time: TimeChoice) => Record<string, string> = timeQuery): List {
  const route = useRoute()
  const router = useRouter()
  // Another page's address may pass by while this one is on its way out.
  const path = route.path
  let last = parseListQuery(route.query, spec)
  const query = computed(() => (route.path === path ? (last = parseListQuery(route.query, spec)) : last))
  let lastTime = parseTime(route.query)
  const time = computed(() => (route.path === path ? (lastTime = parseTime(route.query)) : lastTime))

  function go(list: ListQuery): void {
    void router.push({ query: { ...timeQuery(time.value), ...toRouteQuery(list, spec) } })
  }
  return {
    query,
    api: computed(() => toApiQuery(query.value, spec, asked(time.value))),
    all: computed(() => toExportQuery(query.value, spec, asked(time.value))),
    filtered: computed(() => Object.keys(query.value.filters).length > 0),
    sort: (column) => go(sortedBy(query.value, column)),
    filter: (name, value) => {
      if ((query.value.filters[name] ?? '') !== value.trim()) go(filteredBy(query.value, name, value))
    },
    clear: () => go({ ...query.value, page: 1, after: '', filters: {} }),
    page: (page) => go({ ...query.value, page, after: '' }),
    next: (after) => go({ ...query.value, page: query.value.page + 1, after }),
    size: (perPage) => go({ ...query.value, page: 1, after: '', perPage }),
  }
}
