/** Errors that one folder throws and another folder handles. */

/** Too many reviews wait for an object that is not in the cache. The client should retry. */
export class TooManyLookups extends Error {}
