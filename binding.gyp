{
  "targets": [
    {
      "target_name": "ipsec_lab",
      "sources": [
        "engine/native/addon.cc",
        "engine/native/arguments.cc",
        "engine/native/batch.cc",
        "engine/native/confine.cc",
        "engine/native/device.cc",
        "engine/native/every-thread.cc",
        "engine/native/namespace.cc",
        "engine/native/open.cc",
        "engine/native/poller.cc",
        "engine/native/syscall-filter.cc",
        "engine/native/timer.cc"
      ],
      "defines": ["NAPI_VERSION=8"],
      "cflags_cc": ["-std=c++17", "-Wall", "-Wextra", "-Wno-missing-field-initializers", "-Wno-cast-function-type", "-fvisibility=hidden"],
      "conditions": [["OS!='linux'", { "type": "none", "sources": [] }]]
    },
    {
      # Preloaded into key daemons of others.
      "target_name": "xfrm_stand_in",
      "sources": ["lab/drivers/netns/libreswan/xfrm-stand-in.c"],
      "cflags": ["-Wall", "-Wextra"],
      "libraries": ["-ldl"],
      "conditions": [["OS!='linux'", { "type": "none", "sources": [] }]]
    }
  ]
}
