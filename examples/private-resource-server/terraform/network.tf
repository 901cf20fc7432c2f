resource "aws_vpc" "vpc" {
  cidr_block = "10.30.0.0/16"
}

resource "aws_subnet" "client_subnet" {
  vpc_id                  = aws_vpc.vpc.id
  cidr_block              = "10.30.1.0/24"
  map_public_ip_on_launch = false
}

resource "aws_subnet" "server_subnet" {
  vpc_id                  = aws_vpc.vpc.id
  cidr_block              = "10.30.2.0/24"
  map_public_ip_on_launch = false
}

resource "aws_security_group" "client_security_group" {
  description = "The application client, which nobody calls"
  vpc_id      = aws_vpc.vpc.id
}

resource "aws_vpc_security_group_egress_rule" "client_to_anywhere" {
  security_group_id = aws_security_group.client_security_group.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_security_group" "server_security_group" {
  description = "HTTPS from the application client only"
  vpc_id      = aws_vpc.vpc.id
}

resource "aws_vpc_security_group_ingress_rule" "server_from_client" {
  security_group_id            = aws_security_group.server_security_group.id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.client_security_group.id
}
