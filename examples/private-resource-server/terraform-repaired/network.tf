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

resource "aws_internet_gateway" "internet_gateway" {
  vpc_id = aws_vpc.vpc.id
}

resource "aws_subnet" "nat_subnet" {
  vpc_id     = aws_vpc.vpc.id
  cidr_block = "10.30.0.0/24"
}

resource "aws_route_table" "nat_subnet_route_table" {
  vpc_id = aws_vpc.vpc.id
}

resource "aws_route" "nat_subnet_default_route" {
  route_table_id         = aws_route_table.nat_subnet_route_table.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.internet_gateway.id
}

resource "aws_route_table_association" "nat_subnet" {
  subnet_id      = aws_subnet.nat_subnet.id
  route_table_id = aws_route_table.nat_subnet_route_table.id
}

resource "aws_eip" "nat_address" {
  domain = "vpc"
}

resource "aws_nat_gateway" "nat_gateway" {
  subnet_id     = aws_subnet.nat_subnet.id
  allocation_id = aws_eip.nat_address.id

  depends_on = [aws_internet_gateway.internet_gateway]
}

# Cognito's token and key endpoints are public: both services reach them through NAT, never through the gateway.
resource "aws_route_table" "private_route_table" {
  vpc_id = aws_vpc.vpc.id
}

resource "aws_route" "private_default_route" {
  route_table_id         = aws_route_table.private_route_table.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.nat_gateway.id
}

resource "aws_route_table_association" "private" {
  for_each = {
    client = aws_subnet.client_subnet.id
    server = aws_subnet.server_subnet.id
  }

  subnet_id      = each.value
  route_table_id = aws_route_table.private_route_table.id
}

resource "aws_flow_log" "flow_log" {
  vpc_id               = aws_vpc.vpc.id
  traffic_type         = "ALL"
  log_destination_type = "s3"
  log_destination      = aws_s3_bucket.flow_log_bucket.arn
}

resource "aws_s3_bucket" "flow_log_bucket" {
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_public_access_block" "flow_log_bucket" {
  bucket                  = aws_s3_bucket.flow_log_bucket.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}
