// <details class="as-table" id="table-<name>">: the table behind a picture. The server sends it while it is open, so it is told.
// page -> table {name, open}
import { tell } from "./pulse.js";

const isTable = el => el.matches?.("details.as-table");
const tellTable = ({ id, open }) => tell("table", { name: id.replace(/^table-/, ""), open });

export const tellTables = () => document.addEventListener("toggle", event => isTable(event.target) && tellTable(event.target), true);  // "toggle" does not bubble
// To a server that knows nothing of this page yet, or not any more.
export const tellOpenTables = () => document.querySelectorAll("details.as-table[open]").forEach(tellTable);
