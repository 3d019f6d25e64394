// Writes what `make gen` makes of geography. The same packages give the same bytes.
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { goTable } from "./countries.mjs";
import { world } from "./world.mjs";

const target = (path) => {
  const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));
  mkdirSync(dirname(file), { recursive: true });
  return file;
};
const database = createRequire(import.meta.url).resolve(
  "@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb",
);

copyFileSync(database, target("internal/geo/data/country.mmdb"));
writeFileSync(target("internal/geo/countries_table.go"), goTable());
writeFileSync(target("web/src/assets/world.json"), `${JSON.stringify(world())}\n`);
