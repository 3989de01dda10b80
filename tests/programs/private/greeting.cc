// A library that only its program knows.
const char* Greeting() { return "hello from a private library"; }
