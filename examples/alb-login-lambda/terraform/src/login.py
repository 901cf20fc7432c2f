import json
import os
import urllib.parse
import urllib.request

DOMAIN = os.environ["COGNITO_DOMAIN"]
CLIENT_ID = os.environ["CLIENT_ID"]
REDIRECT_URI = os.environ["REDIRECT_URI"]

def handler(event, context):
    code = (event.get("queryStringParameters") or {}).get("code")
    if not code:
        query = urllib.parse.urlencode({
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": REDIRECT_URI,
            "scope": "openid",
        })
        return redirect(f"{DOMAIN}/oauth2/authorize?{query}")
    body = urllib.parse.urlencode({
        "grant_type": "authorization_code",
        "client_id": CLIENT_ID,
        "code": code,
        "redirect_uri": REDIRECT_URI,
    }).encode()
    with urllib.request.urlopen(f"{DOMAIN}/oauth2/token", data=body) as answer:
        token = json.load(answer)["access_token"]
    return redirect("/", {"Set-Cookie": f"session={token}; Secure; HttpOnly; Path=/"})

def redirect(location, headers=None):
    return {"statusCode": 302, "headers": {"Location": location, **(headers or {})}}
