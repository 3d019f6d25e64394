import { describe, expect, it } from 'vitest'
import type { LocationQuery } from 'vue-router'
import { queryString } from '@/api/client'
import {
  filteredBy, parseListQuery, sortedBy, toApiQuery, toExportQuery, toRouteQuery, type ListSpec,
} from '@/composables/listQuery'

const spec: ListSpec = {
  orderBy: 'last_seen', descending: true, perPage: 50, sortable: ['last_seen', 'src_ip'], filters: ['ip', 'protocol'],
}
const start = parseListQuery({}, spec)

describe('the address bar', () => {
  it('is empty at the start', () => {
    expect(toRouteQuery(start, spec)).toEqual({})
    expect(toApiQuery(start, spec)).toBe('order_by=last_seen&order_direction=desc&page=1&per_page=50')
  })

  it.each<LocationQuery>([
    { page: '3', ip: '10.0.0.0/8' },
    { page: '3', after: 'token' },
    { per_page: '100', order_by: 'src_ip', order_direction: 'asc' },
    { order_by: 'last_seen', order_direction: 'asc', protocol: 'UDP' },
  ])('survives the way there and back: %o', (query) => {
    expect(toRouteQuery(parseListQuery(query, spec), spec)).toEqual(query)
  })

  it.each<LocationQuery>([{ page: '0' }, { page: '-1' }, { page: '1e9' }, { per_page: '7' }, { order_by: 'password' }, { foo: 'x' }, { ip: ' ' }, { ip: null }])(
    'ignores what is not allowed: %o',
    (query) => expect(parseListQuery(query, spec)).toEqual(start),
  )

  it('takes the first of several values', () => {
    expect(parseListQuery({ ip: ['1.1.1.1', '2.2.2.2'] }, spec).filters).toEqual({ ip: '1.1.1.1' })
  })
})

describe('pages', () => {
  const third = { ...start, page: 3, after: 'token' }

  it('begin behind a place, if one is known', () => {
    expect(toApiQuery(third, spec)).toBe('after=token&order_by=last_seen&order_direction=desc&per_page=50')
    expect(toApiQuery({ ...third, after: '' }, spec)).toContain('page=3')
    expect(parseListQuery({ after: 'token' }, spec).after).toBe('')
  })

  it('have another place in another order or selection', () => {
    expect(sortedBy(third, 'src_ip').after).toBe('')
    expect(filteredBy(third, 'ip', '::1').after).toBe('')
  })

  it('are none in an export, which has the time, filters and order', () => {
    expect(toExportQuery({ ...third, filters: { ip: '::1' } }, spec, { from: '-1h' })).toEqual({
      ip: '::1', from: '-1h', order_by: 'last_seen', order_direction: 'desc',
    })
    expect(toApiQuery(start, spec, { from: '-1h' })).toContain('from=-1h')
  })
})

describe('changes', () => {
  it('sorts by another column from the largest, then turns', () => {
    const once = sortedBy({ ...start, page: 4 }, 'src_ip')
    expect([once.page, once.orderBy, once.descending]).toEqual([1, 'src_ip', true])
    expect(sortedBy(once, 'src_ip').descending).toBe(false)
  })

  it('sets and removes filters and goes to the first page', () => {
    const set = filteredBy({ ...start, page: 4 }, 'ip', ' 1.1.1.1 ')
    expect([set.page, set.filters]).toEqual([1, { ip: '1.1.1.1' }])
    expect(filteredBy(set, 'ip', ' ').filters).toEqual({})
  })

  it('asks for no order where the API has one only', () => {
    expect(toApiQuery(start, { ...spec, sortable: [] })).toBe('page=1&per_page=50')
  })
})

describe('queryString', () => {
  it('is ordered, escaped and without what is unset', () => {
    expect(queryString({ b: 'x&y', a: 1, c: '', d: undefined, e: false })).toBe('a=1&b=x%26y&e=false')
  })
})
