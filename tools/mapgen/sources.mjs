// The pinned npm packages that everything here is made from, in the shapes the generators want.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { feature } from "topojson-client";

const require = createRequire(import.meta.url);
const load = (path) => JSON.parse(readFileSync(require.resolve(path), "utf8"));

export const topology = () => load("world-atlas/countries-50m.json");

const numericToAlpha2 = load("i18n-iso-countries/codes.json");
const territories = load("cldr-localenames-full/main/en/territories.json").main.en.localeDisplayNames.territories;

const numeric = new Map(numericToAlpha2.map(([alpha2, , number]) => [number, alpha2]));

/** Every ISO 3166-1 alpha-2 code, and XK, which has none but is used by everyone. */
export const codes = [...new Set([...numericToAlpha2.map(([alpha2]) => alpha2), "XK"])].sort();

/** The English short name: that of CLDR, and its shorter form where that one is a formula of state. */
export function englishName(code) {
  const short = ["HK", "MM", "MO", "PS"].includes(code) ? `${code}-alt-short` : code;
  const name = territories[short] ?? territories[code];
  if (!name) throw new Error(`no English name for ${code}`);
  return name;
}

/** The code of a Natural Earth feature; "" for the areas that ISO 3166 does not list. */
export function codeOf({ id, properties }) {
  if (properties.name === "Kosovo") return "XK";
  // Ashmore and Cartier carry Australia's number but are drawn apart.
  if (properties.name.startsWith("Ashmore")) return "";
  return numeric.get(id) ?? "";
}

/** Natural Earth's countries as GeoJSON, on the sphere. */
export const countries = (topo = topology()) => feature(topo, topo.objects.countries).features;

/**
 * Positions, [longitude, latitude], of what Natural Earth 50m draws as part of another country or not at all:
 * the first place of tzdata's zone.tab (public domain), for Bouvet Island, which has no time zone, the island.
 */
export const smallPlaces = {
  BQ: [-68.27, 12.15],
  BV: [3.38, -54.42],
  CC: [96.92, -12.17],
  CX: [105.72, -10.42],
  GF: [-52.33, 4.93],
  GI: [-5.35, 36.13],
  GP: [-61.53, 16.23],
  MQ: [-61.08, 14.6],
  RE: [55.47, -20.87],
  SJ: [16, 78],
  TK: [-171.23, -9.37],
  TV: [179.22, -8.52],
  UM: [-177.37, 28.22],
  YT: [45.23, -12.78],
};
