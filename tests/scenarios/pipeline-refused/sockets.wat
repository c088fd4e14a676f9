(component (import "wasi:sockets/tcp@0.2.12" (instance)))
