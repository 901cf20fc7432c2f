import os
import urllib.parse

COOKIE = "AWSELBAuthSessionCookie-{}=; Max-Age=0; Secure; HttpOnly; Path=/"

def handler(event, context):
    query = urllib.parse.urlencode({
        "client_id": os.environ["CLIENT_ID"],
        "logout_uri": os.environ["LOGOUT_URI"],
    })
    return {
        "statusCode": 302,
        "multiValueHeaders": {
            "Location": [f"{os.environ['COGNITO_DOMAIN']}/logout?{query}"],
            "Set-Cookie": [COOKIE.format(shard) for shard in range(4)],
        },
    }
