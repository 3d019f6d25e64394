import { createRouter, createWebHistory } from 'vue-router'
import type { IconName } from './components/icons'
import OverviewView from './views/OverviewView.vue'

declare module 'vue-router' {
  interface RouteMeta {
    /** Key of the page's name under "nav". */
    title: string
  }
}

/** The entries of the navigation, in their order. */
export const navigation: { name: string; icon: IconName }[] = [
  { name: 'overview', icon: 'overview' },
  { name: 'sessions', icon: 'sessions' },
  { name: 'ips', icon: 'ips' },
  { name: 'rankings', icon: 'rank' },
  { name: 'map', icon: 'map' },
  { name: 'events', icon: 'events' },
]

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', name: 'overview', component: OverviewView, meta: { title: 'overview' } },
    { path: '/sessions', name: 'sessions', component: () => import('./views/SessionsView.vue'), meta: { title: 'sessions' } },
    { path: '/ips', name: 'ips', component: () => import('./views/IpsView.vue'), meta: { title: 'ips' } },
    { path: '/ips/:ip', name: 'ip', component: () => import('./views/IpView.vue'), props: true, meta: { title: 'ips' } },
    { path: '/rankings', name: 'rankings', component: () => import('./views/RankingsView.vue'), meta: { title: 'rankings' } },
    { path: '/map', name: 'map', component: () => import('./views/MapView.vue'), meta: { title: 'map' } },
    { path: '/events', name: 'events', component: () => import('./views/EventsView.vue'), meta: { title: 'events' } },
    { path: '/:rest(.*)*', redirect: { name: 'overview' } },
  ],
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? undefined : { top: 0 }),
})

// After an upgrade the parts of the old page are gone: load the new one instead of failing.
router.onError((error, to) => {
  if (error instanceof TypeError) location.assign(to.fullPath)
})
