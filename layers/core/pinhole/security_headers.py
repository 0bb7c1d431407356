"""What every answer of Pinhole tells browsers, whichever door it leaves by."""

from types import MappingProxyType

SECURITY_HEADERS = MappingProxyType(
    {
        # WebAssembly: the client hashes what it uploads with it. Frames: the service worker answers one with a ZIP to
        # save; what the server sends is shown in none.
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
            "media-src 'self' blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; frame-src 'self'; "
            "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        ),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
)

# Over http browsers are to ignore it, and nobody is to send it (RFC 6797, 7.2). Without `includeSubDomains`: what else
# the domain has is not ours to say.
OVER_HTTPS = MappingProxyType({**SECURITY_HEADERS, "Strict-Transport-Security": "max-age=31536000"})
