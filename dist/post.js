// Entry of the post step. The runner may start it with nothing from the main step: where that was killed before its first line.
process.env['MULTICLUSTER_CANARY_POST'] = 'true';
await import("./index.js");
export {};
