import { onScopeDispose, ref, shallowRef, toValue, watch, type MaybeRefOrGetter, type Ref, type ShallowRef, type WatchSource } from 'vue'
import { ApiError } from '@/api/client'

export interface Resource<T> {
  data: ShallowRef<T | null>
  error: ShallowRef<ApiError | null>
  loading: Ref<boolean>
  reload: () => Promise<void>
}

/**
 * Loads now and whenever source changes; with an interval in milliseconds again
 * after each answer while the page is visible. A newer request cancels an older one.
 */
export function useResource<T>(
  load: (signal: AbortSignal) => Promise<T>,
  source: WatchSource<unknown> | WatchSource<unknown>[],
  interval: MaybeRefOrGetter<number> = 0,
): Resource<T> {
  const data = shallowRef<T | null>(null)
  const error = shallowRef<ApiError | null>(null)
  const loading = ref(false)
  let running: AbortController | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  async function reload(): Promise<void> {
    clearTimeout(timer)
    running?.abort()
    const mine = new AbortController()
    running = mine
    loading.value = true
    try {
      const answer = await load(mine.signal)
      if (running !== mine) return
      data.value = answer
      error.value = null
    } catch (cause) {
      if (running !== mine) return
      error.value = cause instanceof ApiError ? cause : unexpected(cause)
    }
    loading.value = false
    if (toValue(interval) > 0) timer = setTimeout(again, toValue(interval))
  }

  function again(): void {
    if (document.visibilityState === 'visible') void reload()
    else timer = setTimeout(again, toValue(interval))
  }

  watch(source, () => void reload(), { immediate: true })
  onScopeDispose(() => {
    clearTimeout(timer)
    running?.abort()
    running = null
  })
  return { data, error, loading, reload }
}

function unexpected(cause: unknown): ApiError {
  const detail = cause instanceof Error ? cause.message : String(cause)
  return new ApiError({ type: 'about:blank', title: 'unexpected answer', status: 0, detail, code: 'unexpected' })
}
