import { afterEach, describe, expect, it, vi } from 'vitest'
import { ApiError, get, onSignInRequired, post } from '@/api/client'

afterEach(() => vi.unstubAllGlobals())

function answer(status: number, body: string, type = 'application/json'): void {
  vi.stubGlobal('fetch', vi.fn(async () => new Response(status === 204 ? null : body, { status, headers: { 'Content-Type': type } })))
}

async function failure(promise: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await promise.then(() => null, (cause: unknown) => cause)
  if (error instanceof ApiError) return error
  throw new Error(`no ApiError but ${String(error)}`)
}

describe('requests', () => {
  it('return the answer', async () => {
    answer(200, '{"a":1}')
    expect(await get('/api/x', 'b=2')).toEqual({ a: 1 })
    expect(vi.mocked(fetch).mock.calls[0]?.[0]).toBe('/api/x?b=2')
  })

  it('accept an answer without content', async () => {
    answer(204, '')
    expect(await post('/api/x', { a: 1 })).toBeUndefined()
  })

  it('fail with the problem that the monitor tells', async () => {
    answer(400, '{"type":"about:blank","title":"Bad Request","status":400,"detail":"ip: no","code":"bad_parameter","field":"ip"}', 'application/problem+json')
    const { problem, message } = await failure(get('/api/x'))
    expect([problem.code, problem.field, message]).toEqual(['bad_parameter', 'ip', 'ip: no'])
  })

  it('fail with a problem of their own where there is none', async () => {
    answer(502, '<html>', 'text/html')
    expect((await failure(get('/api/x'))).problem).toMatchObject({ status: 502, code: 'http_error' })
  })

  it('tell when the monitor is not there', async () => {
    vi.stubGlobal('fetch', vi.fn(async () => { throw new TypeError('Failed to fetch') }))
    expect((await failure(get('/api/x'))).unreachable).toBe(true)
  })

  it('leave an abort what it is', async () => {
    vi.stubGlobal('fetch', vi.fn(async () => { throw new DOMException('gone', 'AbortError') }))
    await expect(get('/api/x')).rejects.toThrow(DOMException)
  })

  it('say that a sign-in is needed', async () => {
    answer(401, '{"code":"unauthorized"}')
    const listener = vi.fn()
    const end = onSignInRequired(listener)
    await failure(get('/api/x'))
    end()
    await failure(get('/api/x'))
    expect(listener).toHaveBeenCalledTimes(1)
  })
})
