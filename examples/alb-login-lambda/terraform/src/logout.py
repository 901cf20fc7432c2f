import os
import urllib.parse

def handler(event, context):
    query = urllib.parse.urlencode({
        "client_id": os.environ["CLIENT_ID"],
        "logout_uri": os.environ["LOGOUT_URI"],
    })
    return {
        "statusCode": 302,
        "headers": {
            "Location": f"{os.environ['COGNITO_DOMAIN']}/logout?{query}",
            "Set-Cookie": "session=; Max-Age=0; Secure; HttpOnly; Path=/",
        },
    }
