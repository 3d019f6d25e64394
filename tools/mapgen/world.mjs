// The outlines for the page's map: flat GeoJSON, small, without lines across it.
import { geoArea, geoEquirectangular } from "d3-geo";
import { geoProject } from "d3-geo-projection";
import { presimplify, simplify, sphericalTriangleArea } from "topojson-simplify";
import { codeOf, countries, englishName, topology } from "./sources.mjs";

const detail = 1.5e-5; // steradians (600 km²): a corner smaller than that is not seen on a map of the world
const islet = 2e-5; // steradians (800 km²): left out, unless it is the largest that its country has
const leastIsland = 6; // points that a closed line keeps, however small it is
const decimals = 2;

/** Longitude and latitude as plane coordinates, cut where the sphere is: at the antimeridian and the poles. */
const plane = geoEquirectangular()
  .reflectY(true)
  .scale(180 / Math.PI)
  .translate([0, 0])
  .precision(0);

/** Keeps the most telling points of every island, so that the small ones do not shrink to nothing. */
function keepIslands(topo) {
  for (const arc of topo.arcs) {
    const [first, last] = [arc[0], arc.at(-1)];
    if (first[0] !== last[0] || first[1] !== last[1]) continue;
    const telling = arc.slice(1, -1).sort((a, b) => b[2] - a[2]);
    for (const point of telling.slice(0, leastIsland)) point[2] = Infinity;
  }
  return topo;
}

const round = (degrees) => Number(degrees.toFixed(decimals)) + 0;

function roundRing(ring) {
  const points = ring.map((point) => point.slice(0, 2).map(round));
  return points.filter(([x, y], i) => i === 0 || x !== points[i - 1][0] || y !== points[i - 1][1]);
}

function roundPolygons({ type, coordinates }) {
  const polygons = type === "Polygon" ? [coordinates] : coordinates;
  return polygons
    .map((rings) => rings.map(roundRing).filter((ring) => ring.length >= 4))
    .filter((rings) => rings.length > 0);
}

function withoutIslets({ type, coordinates }) {
  if (type === "Polygon") return { type, coordinates };
  const sized = coordinates.map((rings) => ({ rings, area: geoArea({ type: "Polygon", coordinates: rings }) }));
  const largest = Math.max(...sized.map(({ area }) => area));
  return { type, coordinates: sized.filter(({ area }) => area >= Math.min(islet, largest)).map(({ rings }) => rings) };
}

function geometry(simple, full) {
  let coordinates = roundPolygons(geoProject(simple, plane));
  if (coordinates.length === 0) coordinates = roundPolygons(geoProject(full, plane));
  return coordinates.length === 1
    ? { type: "Polygon", coordinates: coordinates[0] }
    : { type: "MultiPolygon", coordinates };
}

/** A GeoJSON FeatureCollection; a feature's id is its ISO alpha-2 code, or its name if it has none. */
export function world() {
  const full = countries();
  const simple = countries(simplify(keepIslands(presimplify(topology(), sphericalTriangleArea)), detail));
  const features = simple.map((country, i) => {
    const code = codeOf(country);
    const name = code ? englishName(code) : country.properties.name;
    const id = code || name;
    return { type: "Feature", id, properties: { id, name }, geometry: geometry(withoutIslets(country.geometry), full[i].geometry) };
  });
  features.sort((a, b) => (a.id < b.id ? -1 : 1));
  return { type: "FeatureCollection", features };
}
