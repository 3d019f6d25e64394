package api

import (
	"net/http"

	"netflow-monitor/internal/api/wire"
)

// access is who may use a route. The zero value is no decision, and refused by New.
type access int

const (
	accessOpen   access = iota + 1 // anybody: what the sign-in page needs, and liveness
	accessRead                     // who is signed in
	accessChange                   // who is signed in and may change what the monitor does
)

// handler answers with a value to be sent as JSON, or with nil if it has written itself.
type handler func(w http.ResponseWriter, r *http.Request, q *query) (any, error)

// route is one entry of the table that the server, its guard, the OpenAPI document
// and the tests are made from.
type route struct {
	method  string
	pattern string // as http.ServeMux takes it, without the method
	access  access
	handle  handler
	summary string
	params  []param
	body    any // zero value of the body's type, nil if there is none
	answer  any // zero value of the answer's type, nil if it is not JSON
}

func (s *Server) routes() []route {
	const get, post = http.MethodGet, http.MethodPost
	routes := []route{
		{get, "/api/status", accessRead, s.getStatus, "State of the monitor: totals, rates, losses, database", statusParams(), nil, wire.Status{}},
		{get, "/api/sessions", accessRead, s.getSessions, "Sessions, live and stored, as one list", sessionParams(), nil, wire.Page[wire.Session]{}},
		{get, "/api/sessions/{id}", accessRead, s.getSession, "One session", nil, nil, wire.Session{}},
		{get, "/api/ip-stats", accessRead, s.getIPs, "IP statistics", ipParams(), nil, wire.Page[wire.IP]{}},
		{get, "/api/ip-stats/{ip}", accessRead, s.getIP, "One IP: totals, series, sessions, peers, ports, countries, protocols", detailParams(), nil, wire.IPDetail{}},
		{get, "/api/top-talkers", accessRead, s.getTopTalkers, "Rankings by IP, country, AS, protocol and port", talkerParams(), nil, wire.TopTalkers{}},
		{get, "/api/rankings", accessRead, s.getRanking, "One ranking, of all traffic or of the sessions that filters select", rankingParams(), nil, wire.Ranking{}},
		{get, "/api/schema", accessRead, s.getSchema, "Dimensions, columns and filters that can be asked for", nil, nil, wire.Schema{}},
		{get, "/api/traffic-history", accessRead, s.getHistory, "Traffic over time", historyParams(), nil, wire.History{}},
		{get, "/api/geo-map", accessRead, s.getGeoMap, "Traffic by place and between places", mapParams(), nil, wire.GeoMap{}},
		{post, "/api/start-monitoring", accessChange, s.startMonitoring, "Start the capture", nil, nil, wire.MonitoringResult{}},
		{post, "/api/stop-monitoring", accessChange, s.stopMonitoring, "Stop the capture", nil, nil, wire.MonitoringResult{}},
		{get, "/api/events", accessRead, s.getEvents, "Event log, newest first", eventParams(), nil, wire.Page[wire.Event]{}},
		{get, "/api/ws", accessRead, s.getLive, "WebSocket: snapshots and updates of the topics a client subscribes to", nil, nil, nil},
		{get, "/api/access", accessOpen, s.getAccess, "Whether a password is asked for, and given", nil, nil, wire.Access{}},
		{post, "/api/sign-in", accessOpen, s.signIn, "Sign in; sets the session cookie", nil, wire.SignIn{}, wire.Access{}},
		{post, "/api/sign-out", accessOpen, s.signOut, "Sign out; ends the session of the cookie", nil, nil, wire.Access{}},
		{get, "/api/openapi.json", accessRead, s.getOpenAPI, "This description", nil, nil, nil},
		{get, "/healthz", accessOpen, s.getHealth, "Liveness", nil, nil, wire.Health{}},
		{get, "/{path...}", accessOpen, s.getPage, "The page", nil, nil, nil},
	}
	routes = append(routes, s.databaseRoutes()...)
	routes = append(routes, s.exportRoutes()...)
	if s.cfg.Debug {
		routes = append(routes, route{
			get, "/debug/pprof/{profile}", accessChange, s.getProfile, "Profile of the program, on the loopback only", profileParams(), nil, nil,
		})
	}
	return routes
}
