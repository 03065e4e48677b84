/** A service that a host of the lab offers over HTTP while the lab is up: a function from request to response. */
export interface HttpService {
  readonly node: string;
  readonly port: number;
  /** `epochSeconds`: by the clock of that node, since the Unix epoch. Synchronous; what it throws is our fault. */
  respond(request: HttpRequest, epochSeconds: number): HttpResponse;
}

export interface HttpRequest {
  readonly method: string;
  /** With its query, as it was sent: `/crl/root.crl`. */
  readonly path: string;
  /** null: it names none. */
  readonly contentType: string | null;
  readonly body: Uint8Array;
}

export interface HttpResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** Of a request's body: certificates, and questions about them, are small. */
export const REQUEST_OCTETS_MAX = 65_536;
/** Of all fields before the body. */
export const HTTP_HEAD_OCTETS_MAX = 8192;

export const NOT_UNDERSTOOD: HttpResponse = { status: 400, contentType: 'text/plain', body: new Uint8Array(0) };
