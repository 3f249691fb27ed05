"use strict";

// Azurite's database uses the index of the first field of a query alone, and Azurite names the
// account first, which all rows share: each call goes through everything that is stored. Asked for
// the field that tells rows apart first, it finds the same row at once.

const { createRequire } = require("node:module");

const SELECTIVE = ["messageId", "name"];

const { Collection } = createRequire(process.argv[1])("lokijs");
const { findOne, removeBatch } = Collection.prototype;

Collection.prototype.findOne = function (query) {
  const field = SELECTIVE.find((each) => query?.[each] !== undefined && this.binaryIndices[each]);
  return findOne.call(this, field ? { [field]: query[field], ...query } : query);
};

// It builds all indexes anew for a batch, also for that of no expired messages at each deletion.
Collection.prototype.removeBatch = function (batch) {
  return batch.length ? removeBatch.call(this, batch) : undefined;
};
