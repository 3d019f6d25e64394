import { computed, type ComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { filteredBy, parseListQuery, sortedBy, toApiQuery, toRouteQuery, type ListQuery, type ListSpec } from './listQuery'

export interface List {
  query: ComputedRef<ListQuery>
  /** The same as the API's parameters. */
  api: ComputedRef<string>
  filtered: ComputedRef<boolean>
  sort: (column: string) => void
  filter: (name: string, value: string) => void
  clear: () => void
  page: (page: number) => void
  size: (perPage: number) => void
}

/** A list whose page, order and filters live in the address bar. */
export function useList(spec: ListSpec): List {
  const route = useRoute()
  const router = useRouter()
  // Another page's address may pass by while this one is on its way out.
  const path = route.path
  let last = parseListQuery(route.query, spec)
  const query = computed(() => (route.path === path ? (last = parseListQuery(route.query, spec)) : last))
  const api = computed(() => toApiQuery(query.value, spec))

  function go(list: ListQuery): void {
    void router.push({ query: toRouteQuery(list, spec) })
  }
  return {
    query,
    api,
    filtered: computed(() => Object.keys(query.value.filters).length > 0),
    sort: (column) => go(sortedBy(query.value, column)),
    filter: (name, value) => {
      if ((query.value.filters[name] ?? '') !== value.trim()) go(filteredBy(query.value, name, value))
    },
    clear: () => go({ ...query.value, page: 1, filters: {} }),
    page: (page) => go({ ...query.value, page }),
    size: (perPage) => go({ ...query.value, page: 1, perPage }),
  }
}
