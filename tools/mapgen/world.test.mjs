import assert from "node:assert/strict";
import test from "node:test";
import { codes, englishName } from "./sources.mjs";
import { countryTable, goTable } from "./countries.mjs";
import { world } from "./world.mjs";

const map = world();
const byId = new Map(map.features.map((f) => [f.id, f]));
const polygons = ({ type, coordinates }) => (type === "Polygon" ? [coordinates] : coordinates);
const points = ({ geometry }) => polygons(geometry).flat(2);

test("every feature is kept under its own id", () => {
  assert.equal(map.features.length, 241);
  assert.equal(byId.size, 241);
  for (const id of ["HK", "SG", "MO", "XK", "TW", "VA", "MC", "MV", "FJ", "AQ", "FR", "NO", "Somaliland"]) {
    assert.ok(byId.has(id), id);
    assert.ok(points(byId.get(id)).length >= 4, id);
  }
});

test("every ring is closed, within the plane and not a sliver", () => {
  for (const f of map.features) {
    assert.ok(points(f).length > 0, f.id);
    for (const ring of polygons(f.geometry).flat()) {
      assert.ok(ring.length >= 4, `${f.id} has ${ring.length} points in a ring`);
      assert.deepEqual(ring[0], ring.at(-1), f.id);
      for (const [x, y] of ring) assert.ok(Math.abs(x) <= 180 && Math.abs(y) <= 90, `${f.id} ${x} ${y}`);
    }
  }
});

test("no edge runs across the map", () => {
  for (const f of map.features) {
    for (const ring of polygons(f.geometry).flat()) {
      for (let i = 1; i < ring.length; i++) {
        const [[x0, y0], [x1, y1]] = [ring[i - 1], ring[i]];
        const alongThePole = y0 === -90 && y1 === -90;
        assert.ok(alongThePole || Math.abs(x1 - x0) < 40, `${f.id}: ${x0},${y0} to ${x1},${y1}`);
      }
    }
  }
});

test("countries stand where they are", () => {
  const table = new Map(countryTable().map((c) => [c.code, c]));
  assert.equal(table.size, codes.length);
  const near = (code, latitude, longitude) => {
    const c = table.get(code);
    assert.ok(Math.hypot(c.latitude - latitude, c.longitude - longitude) < 3, `${code} ${c.latitude} ${c.longitude}`);
  };
  near("FR", 46.5, 2.5);
  near("US", 39.8, -98.6);
  near("GF", 4.9, -52.3);
  near("HK", 22.3, 114.2);
  near("FJ", -17.8, 178);
});

test("names are short ones", () => {
  assert.equal(englishName("HK"), "Hong Kong");
  assert.equal(englishName("XK"), "Kosovo");
  assert.equal(byId.get("US").properties.name, "United States");
});

test("the same input gives the same bytes", () => {
  assert.equal(JSON.stringify(world()), JSON.stringify(map));
  assert.equal(goTable(), goTable());
});
