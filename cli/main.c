#include "model/base/error.h"

int main(int argc, char **argv)
{
	die("no verb yet");
}
