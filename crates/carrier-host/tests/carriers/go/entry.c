/* The table of a carrier whose calls are Go's. What the host lends is copied first: an older host's structs are shorter. */
#include "_cgo_export.h"

static const char DESCRIPTOR[] =
    "{\"id\": \"gopher\", \"version\": \"1.0.0\", \"abi\": {\"major\": 1, \"minor\": 1},"
    " \"styles\": [\"http\"], \"allowed_hosts\": []}";

static int32_t create(const aldis_host *host, const aldis_instance_cfg *theirs, void **out) {
  aldis_instance_cfg cfg;
  (void)host;
  aldis_copy(&cfg, sizeof cfg, theirs);
  return carrierCreate(&cfg, out);
}

static int32_t submit(void *inst, const aldis_msg *theirs, const aldis_op *op) {
  aldis_msg msg;
  aldis_copy(&msg, sizeof msg, theirs);
  return carrierSubmit(inst, &msg, (void *)op);
}

static int32_t on_response(void *inst, const aldis_msg *msg, const aldis_http_resp *theirs, const aldis_op *op) {
  aldis_http_resp resp;
  (void)msg;
  aldis_copy(&resp, sizeof resp, theirs);
  return carrierOnResponse(inst, &resp, (void *)op);
}

static const aldis_http HTTP = {sizeof HTTP, 0, submit, on_response};
static const void *extension(aldis_str id) { return aldis_is(id, ALDIS_HTTP) ? &HTTP : NULL; }
static const aldis_entry ENTRY = {sizeof ENTRY, ALDIS_MAGIC, ALDIS_ABI_MAJOR, ALDIS_ABI_MINOR, 0, 0, 0,
  {(const uint8_t *)DESCRIPTOR, sizeof DESCRIPTOR - 1}, NULL, create, carrierDestroy, extension};

const aldis_entry *aldis_carrier_entry_v1(void) { return &ENTRY; }

/* Go cannot call a pointer to a function. */
int32_t carrier_post(const aldis_op *theirs, aldis_str url, aldis_str body) {
  aldis_pair type = {sizeof type, 0, aldis_text("content-type"), aldis_text("application/x-www-form-urlencoded")};
  aldis_http_req req;
  aldis_op op;
  aldis_copy(&op, sizeof op, theirs);
  memset(&req, 0, sizeof req);
  req.struct_size = sizeof req;
  req.method = aldis_text("POST"), req.url = url, req.body = body;
  req.headers = (aldis_list){&type, 1, sizeof type};
  return op.http(op.ctx, &req);
}
